// Packets that programs send to neighbours, and packets whose shape they change: the model against what Linux 6.18 did. The
// recordings are compared on every computer that has ip(8) and tc(8) of the recorded version and where a box can be.
import { reshaped } from './reshaped.js';
import { describeSuite } from './suite.js';

describeSuite('compliance: packets: reshaped', reshaped, ['neighbour that is known', 'net_udp at egress']);
