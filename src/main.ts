// The first that runs: blocks the signals, answers for its version, and then loads all the rest.
//
// What it imports nobody else does. So these are one small file within the executable, and neither
// the block nor the version, for which kubeadm asks each image, waits for more to be read.

import { asksForVersion, versionLine } from "./cli/version.ts";
import { blockAtOnce, printAndExitAtOnce } from "./libc/at-once.ts";

const mask = blockAtOnce();
const args = process.argv.slice(2);
const version = asksForVersion(args);
if (version) printAndExitAtOnce(versionLine());

const { play } = await import("./roles.ts");
await play({ mask, args, asksForVersion: version, version: versionLine() });
