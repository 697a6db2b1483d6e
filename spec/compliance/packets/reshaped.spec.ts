// Packets that programs send to neighbours, and packets whose shape they change: the model against what Linux 6.18 did.
import { describeSuite } from './suite.js';
import { suites } from './suites.js';

describeSuite('compliance: packets: reshaped', suites.reshaped, ['neighbour that is known', 'net_udp at egress']);
