// The filter, run by an interpreter of the few instructions that it is made of.

import { expect, test } from "bun:test";

import {
  AUDIT_ARCH,
  Bpf,
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_EPERM,
  Syscall,
} from "../../src/libc/abi.ts";
import { makeFilter, RULES } from "../../src/park/filter.ts";

/** What the filter returns for a call. bpf(4) */
function decide(
  filter: readonly number[],
  call: { architecture: number; number: number; arguments?: readonly number[] },
): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.architecture, true);
  for (const [index, value] of (call.arguments ?? []).entries()) {
    data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, BigInt(value)), true);
  }
  let accumulator = 0;
  for (let at = 0; at < filter.length / 2; at++) {
    const [word = 0, operand = 0] = filter.slice(2 * at, 2 * at + 2);
    const [operation, equal, unequal] = [word & 0xffff, (word >>> 16) & 0xff, word >>> 24];
    if (operation === Bpf.return) return operand;
    if (operation === Bpf.load) accumulator = data.getUint32(operand, true);
    else if (operation === Bpf.jumpIfEqual) at += accumulator === operand ? equal : unequal;
    else throw new Error(`Instruction ${at} is ${operation}`);
  }
  throw new Error("It does not return");
}

for (const arch of ["x64", "arm64"] as const) {
  const filter = makeFilter(arch);
  const architecture = AUDIT_ARCH[arch];

  test(`${arch}: of all calls, those of the chain are allowed, with their arguments`, () => {
    const allowed = new Map(RULES.map((rule) => [Syscall[arch][rule.call] as number, rule.where]));
    expect(allowed.size).toBe(RULES.length);
    for (let number = -1; number < 1024; number++) {
      const rule = allowed.get(number);
      for (const first of [0, 1, 2, 3, 0x1_0000_0002, -1]) {
        const wanted = allowed.has(number) && (rule === undefined || first >>> 0 === rule[1]);
        const got = decide(filter, { architecture, number, arguments: [first] });
        expect({ number, first, got }).toEqual({
          number,
          first,
          got: wanted ? SECCOMP_RET_ALLOW : SECCOMP_RET_EPERM,
        });
      }
    }
  });

  test(`${arch}: the numbers of another architecture are refused`, () => {
    for (const other of [0x40000003, 0x40000028, AUDIT_ARCH[arch === "x64" ? "arm64" : "x64"]]) {
      for (let number = 0; number < 512; number++) {
        const call = { architecture: other, number, arguments: [2] };
        expect(decide(filter, call)).toBe(SECCOMP_RET_EPERM);
      }
    }
  });
}

test("x64: the numbers of x32 are refused", () => {
  for (const number of Object.values(Syscall.x64)) {
    const call = { architecture: AUDIT_ARCH.x64, number: number | 0x40000000, arguments: [2] };
    expect(decide(makeFilter("x64"), call)).toBe(SECCOMP_RET_EPERM);
  }
});
