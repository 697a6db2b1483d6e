// What flower filters match: the model against what user-mode Linux 6.1 did with the same frames in the same configurations.
import { describeSuite } from './suite.js';
import { suites } from './suites.js';

describeSuite('compliance: packets: flower', suites.flower, ['label stack', 'ranges of both ports in one priority']);
