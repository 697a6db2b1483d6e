// The model alone, without the host.
import type { Bench } from './measure.js';

export const inProcess: Bench = () => [];
