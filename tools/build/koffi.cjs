// Stands for koffi inside the bundle: its native module without the search for it, which costs as much as the rest of
// a start together. Where the module is not at the expected place (another C library), koffi looks for itself.
'use strict';
let native;
try {
  native = require('@koromix/koffi-linux-x64/linux_x64/koffi.node');
} catch {}
module.exports = native ?? require('koffi');
