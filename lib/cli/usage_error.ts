// The second of the four kinds of error: what was asked for makes no sense. main() prints it; exit code 2.

export class UsageError extends Error {}
