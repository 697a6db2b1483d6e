// What flower filters match: the model against what user-mode Linux 6.1 did with the same frames in the same configurations.
// The recordings are compared on every computer that has ip(8) and tc(8) of the recorded version and where a box can be.
import { flower } from './flower.js';
import { describeSuite } from './suite.js';

describeSuite('compliance: packets: flower', flower, ['label stack', 'ranges of both ports in one priority']);
