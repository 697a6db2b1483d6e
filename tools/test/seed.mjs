// What the tests try by chance is the same in every run of `npm test`: what passes once passes again. TCBOX_SEED=N tries
// something else.
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env['TCBOX_SEED'] ?? 1) });
