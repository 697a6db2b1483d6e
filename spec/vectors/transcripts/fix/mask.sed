s/ (installed|used|firstused|expires) [0-9]+ sec//g
s/"(installed|last_used|first_used)":[0-9]+,?//g
s/ id [0-9]+( |$)/\1/g
s/"id":[0-9]+,//g
s/tokens: -?[0-9]+ ctokens: -?[0-9]+/tokens/
s/"c?tokens":-?[0-9]+,?//g
