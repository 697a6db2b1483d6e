// What a handler may return instead of a value (>= 0) or a negative errno.

/** The real kernel does the call: it does not concern the model. */
export const PROCEED = -0x10000;
/** The call blocks; a waiter answers it later. */
export const LATER = -0x10001;
/** The handler has answered itself. */
export const ANSWERED = -0x10002;
