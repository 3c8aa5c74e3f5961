// Reads the parts of an executable or a library that the loader goes by. elf(5); ELF64,
// little-endian.

/** Something that the loader, not the executable, provides or fills in: a relocation. */
export interface Relocation {
  /** Where in the file this entry is: `Elf64_Rela`. */
  readonly at: number;
  /** The address that it fills in. */
  readonly address: number;
  readonly type: number;
  readonly symbol: string;
}

/** A symbol that the loader knows, defined here or imported. */
export interface DynamicSymbol {
  /** Where in the file this entry is: `Elf64_Sym`. */
  readonly at: number;
  readonly name: string;
  /** Its address, 0 for one that is imported. */
  readonly value: number;
}

/** A named piece of the file, and the address it is loaded at. */
export interface Section {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

/** `Elf64_Sym` and `Elf64_Rela`: sizes and offsets of their fields. */
export const Sym = { size: 24, name: 0, other: 5, value: 8 } as const;
export const Rela = { size: 24, offset: 0, info: 8, addend: 16 } as const;

/** Tags of the section ".dynamic" whose values are offsets of strings. */
const Tag = { needed: 1, rpath: 15, runpath: 29 } as const;

/** An ELF file in memory. */
export class Elf {
  /** The processor that it is for: `e_machine`. */
  readonly machine: number;
  readonly #bytes: Buffer;
  readonly #sections: ReadonlyMap<string, Section>;

  /** @throws {Error} if it is none, or has nothing left to find its parts by */
  constructor(bytes: Buffer) {
    const is64BitLittleEndian = bytes.toString("latin1", 0, 6) === "\x7fELF\x02\x01";
    if (!is64BitLittleEndian) throw new Error("not a 64-bit ELF file");
    this.#bytes = bytes;
    this.machine = bytes.readUInt16LE(18);
    const [start, count, names] = [word(bytes, 40), bytes.readUInt16LE(60), bytes.readUInt16LE(62)];
    if (count === 0) throw new Error("its section headers are stripped");
    const headers = Array.from({ length: count }, (_, index) => {
      const at = start + 64 * index;
      const [address, offset, size] = [
        word(bytes, at + 16),
        word(bytes, at + 24),
        word(bytes, at + 32),
      ];
      return { name: bytes.readUInt32LE(at), address, offset, size };
    });
    const table = headers[names]?.offset ?? 0;
    this.#sections = new Map(headers.map((header) => [this.#string(table + header.name), header]));
  }

  /** @throws {Error} if there is none of that name */
  section(name: string): Section {
    const section = this.#sections.get(name);
    if (section === undefined) throw new Error(`Cannot find the section "${name}"`);
    return section;
  }

  /** The loader that it names; a library, or what is linked statically, names none. */
  interpreter(): string | undefined {
    const section = this.#sections.get(".interp");
    return section && this.#string(section.offset);
  }

  /** The names of the libraries that it needs. */
  libraries(): string[] {
    const names = this.section(".dynstr").offset;
    return this.#dynamic()
      .filter(({ tag }) => tag === Tag.needed)
      .map(({ value }) => this.#string(names + value));
  }

  /** Whether it also says where to look for them. */
  hasSearchPath(): boolean {
    return this.#dynamic().some(({ tag }) => tag === Tag.rpath || tag === Tag.runpath);
  }

  /** All dynamic symbols, in the order of the table. */
  symbols(): DynamicSymbol[] {
    const names = this.section(".dynstr").offset;
    return this.#entries(".dynsym", Sym.size).map((at) => ({
      at,
      name: this.#string(names + this.#bytes.readUInt32LE(at + Sym.name)),
      value: word(this.#bytes, at + Sym.value),
    }));
  }

  /** The relocations of a section, in the order of the table. */
  relocations(section: ".rela.dyn" | ".rela.plt"): Relocation[] {
    const symbols = this.symbols();
    return this.#entries(section, Rela.size).map((at) => ({
      at,
      address: word(this.#bytes, at + Rela.offset),
      type: this.#bytes.readUInt32LE(at + Rela.info),
      symbol: symbols[this.#bytes.readUInt32LE(at + Rela.info + 4)]?.name ?? "",
    }));
  }

  #dynamic(): { tag: number; value: number }[] {
    return this.#entries(".dynamic", 16).map((at) => ({
      tag: word(this.#bytes, at),
      value: word(this.#bytes, at + 8),
    }));
  }

  #entries(name: string, size: number): number[] {
    const section = this.section(name);
    return Array.from({ length: section.size / size }, (_, index) => section.offset + size * index);
  }

  #string(at: number): string {
    return this.#bytes.toString("latin1", at, this.#bytes.indexOf(0, at));
  }
}

function word(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}
