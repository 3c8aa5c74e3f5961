// A command on a terminal: in the foreground, under a shell with job control.

import { expect, test } from "bun:test";

import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { until } from "../support/until.ts";

const SHELL = "exec env PS1='READY> ' TERM=dumb bash --norc --noediting -i";
const CTRL_C = "\x03";
const CTRL_Z = "\x1a";

/** An interactive shell on a terminal of its own, which script(1) provides. */
class Terminal {
  /** What has come, of which the first part has been read. */
  #screen = "";
  #read = 0;
  readonly #script = Bun.spawn(["script", "-qec", SHELL, "/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
  });

  constructor() {
    void (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of this.#script.stdout) this.#screen += decoder.decode(chunk);
    })();
  }

  /** Types something, and waits for what matches; only what comes after what was read counts. */
  async type(keys: string, expected: RegExp): Promise<void> {
    this.#script.stdin.write(keys);
    this.#script.stdin.flush();
    try {
      this.#read += await until("it shows", () => {
        const { index, 0: text } = expected.exec(this.#screen.slice(this.#read)) ?? {};
        return index === undefined ? undefined : index + (text?.length ?? 0);
      });
    } catch {
      const shown = JSON.stringify(this.#screen.slice(this.#read));
      throw new Error(`After ${JSON.stringify(keys)} it shows ${shown}, not ${expected}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#script.kill("SIGKILL"); // The terminal hangs up, and who is left on it gets SIGHUP.
    await this.#script.exited;
  }
}

const it = needing("script");

for (const [who, command] of [
  ["negative control, the command by itself", "cat"],
  ["under pause", `${PAUSE} -- cat`],
] as const) {
  it(`${who}: it reads, Ctrl-Z and fg, Ctrl-Z and bg, Ctrl-C and 130`, async () => {
    await using terminal = new Terminal();
    await terminal.type("", /READY> /);
    await terminal.type(`${command}\n`, /cat\r\n/);
    await terminal.type("one\n", /one\r\none\r\n/);
    await terminal.type(CTRL_Z, /Stopped.*\r\n(?:.*\r\n)*READY> /);
    await terminal.type("jobs\n", /Stopped.*\r\nREADY> /);
    await terminal.type("fg\n", /cat\r\n/);
    await terminal.type("two\n", /two\r\ntwo\r\n/);
    await terminal.type(CTRL_Z, /Stopped.*\r\n(?:.*\r\n)*READY> /);
    // In the background it is stopped again, for reading.
    await terminal.type("bg\n", /cat &\r\n/);
    await terminal.type("sleep 0.3; jobs; echo seen\n", /Stopped.*\r\n(?:.*\r\n)*seen\r\n/);
    await terminal.type("fg\n", /cat\r\n/);
    await terminal.type("three\n", /three\r\nthree\r\n/);
    await terminal.type(CTRL_C, /READY> /);
    await terminal.type("echo code=$?\n", /code=130\r\n/);
  });
}

it("Ctrl-C reaches the command once, and pause ends as the command does", async () => {
  await using terminal = new Terminal();
  await terminal.type("", /READY> /);
  const program = `$| = 1; $SIG{INT} = sub { print "got one\\n"; sleep 1; print "had one\\n"; exit 9 }; print "li", "stens\\n"; sleep 1 while 1`;
  await terminal.type(`${PAUSE} -- perl -e '${program}'; echo code=$?\n`, /listens\r\n/);
  await terminal.type(CTRL_C, /got one\r\n((?!got).|\r\n)*had one\r\ncode=9\r\n/);
});

it("started in the background and fetched, it reads and is interrupted", async () => {
  await using terminal = new Terminal();
  await terminal.type("", /READY> /);
  await terminal.type(`${PAUSE} -- cat &\n`, /\[1\] \d+\r\n/);
  await terminal.type("sleep 0.3; jobs; echo seen\n", /Stopped.*\r\n(?:.*\r\n)*seen\r\n/);
  await terminal.type("fg; echo code=$?\n", /cat\r\n/);
  await terminal.type("back\n", /back\r\nback\r\n/);
  await terminal.type(CTRL_C, /code=130\r\n/);
});

it("with stdin from a file the command still has the terminal", async () => {
  await using terminal = new Terminal();
  await terminal.type("", /READY> /);
  await terminal.type(
    `${PAUSE} -- sh -c 'read line </dev/tty; echo "it: $line"' </dev/null\n`,
    /null\r\n/,
  );
  await terminal.type("typed\n", /it: typed\r\n/);
});

it("where nobody could continue it, Ctrl-Z does not stop it", async () => {
  await using terminal = new Terminal();
  await terminal.type("", /READY> /);
  // As PID 1 of a terminal's session, as in a container with a terminal.
  const session = `script -qec 'exec ${PAUSE} -- cat' /dev/null`;
  await terminal.type(`${session}; echo code=$?\n`, /code=\$\?\r\n/);
  // Once the line comes back a second time, the keys of the outer terminal are passed on.
  await terminal.type("one\n", /one\r\none\r\n/);
  await terminal.type(`${CTRL_Z}two\n`, /two\r\n[^]*two\r\n/);
  await terminal.type(CTRL_C, /code=130\r\n/);
});

test("without a terminal a command that is stopped stays so until it is continued", async () => {
  const child = Bun.spawn(["setsid", PAUSE, "--", "sh", "-c", "kill -TSTP $$; exit 3"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const stopped = async () => {
    const pgrep = Bun.spawnSync(["ps", "-o", "pid=,stat=", "--ppid", `${child.pid}`]);
    return /(\d+) T/.exec(pgrep.stdout.toString())?.[1];
  };
  const pid = Number(await until("it is stopped", stopped));
  process.kill(pid, "SIGCONT");
  expect(await child.exited).toBe(3);
});
