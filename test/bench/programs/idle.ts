// Bun's floor in memory: the least that a compiled program can do and stay.
Bun.sleepSync(2 ** 31);
