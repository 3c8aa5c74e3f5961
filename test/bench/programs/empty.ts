// Bun's floor: the least that a compiled program can do.
export {};
