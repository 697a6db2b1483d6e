// kernel/bpf/verifier.c: with what registers helpers call functions of the program: for_each_map_elem(), loop(),
// timer_set_callback().
import { ENOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import * as T from '../type_flags.js';
import type { SetCallee } from './call.js';
import type { VerifierEnv } from './env.js';
import type { MapView } from './map_view.js';
import type { RegState } from './reg_state.js';
import type { FuncState } from './state.js';
import { Word } from './word.js';

function setMap(reg: RegState, type: number, map: MapView | undefined, uid: number): void {
  reg.type = type;
  reg.markKnown(Word.ZERO);
  reg.map = map;
  reg.mapUid = uid;
}

function unused(env: VerifierEnv, callee: FuncState, from: number): void {
  for (let i = from; i <= 5; i++) callee.regs[i]!.markNotInit(env.precise);
}

function asCallback(callee: FuncState): void {
  callee.inCallbackFn = true;
  callee.callbackRetRange = { min: 0, max: 1 };
}

const iterable = new Set([
  ...[B.BPF_MAP_TYPE_ARRAY, B.BPF_MAP_TYPE_PERCPU_ARRAY, B.BPF_MAP_TYPE_HASH, B.BPF_MAP_TYPE_LRU_HASH],
  ...[B.BPF_MAP_TYPE_PERCPU_HASH, B.BPF_MAP_TYPE_LRU_PERCPU_HASH],
]);

/** @models kernel/bpf/verifier.c set_map_elem_callback_state() */
export const setMapElemCallback: SetCallee = (env, caller, callee, insnIdx) => {
  const map = env.aux[insnIdx]!.mapPtr;
  if (map === undefined || !iterable.has(map.mapType))
    throw env.refuse(ENOTSUPP, 'callback function not allowed for map');
  const r1 = caller.regs[1]!;
  callee.regs[1]!.copy(r1);
  setMap(callee.regs[2]!, T.PTR_TO_MAP_KEY, r1.map, r1.mapUid);
  setMap(callee.regs[3]!, T.PTR_TO_MAP_VALUE, r1.map, r1.mapUid);
  callee.regs[4]!.copy(caller.regs[3]!);
  unused(env, callee, 5);
  asCallback(callee);
};

/** @models kernel/bpf/verifier.c set_loop_callback_state() */
export const setLoopCallback: SetCallee = (env, caller, callee) => {
  callee.regs[1]!.type = T.SCALAR_VALUE;
  callee.regs[2]!.copy(caller.regs[3]!);
  unused(env, callee, 3);
  asCallback(callee);
};

/** @models kernel/bpf/verifier.c set_timer_callback_state() */
export const setTimerCallback: SetCallee = (env, caller, callee) => {
  const { map, mapUid } = caller.regs[1]!;
  setMap(callee.regs[1]!, T.CONST_PTR_TO_MAP, map, mapUid);
  setMap(callee.regs[2]!, T.PTR_TO_MAP_KEY, map, mapUid);
  setMap(callee.regs[3]!, T.PTR_TO_MAP_VALUE, map, mapUid);
  unused(env, callee, 4);
  callee.inAsyncCallbackFn = true;
  callee.callbackRetRange = { min: 0, max: 0 };
};
