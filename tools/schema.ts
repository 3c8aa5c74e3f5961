// bun tools/schema.ts: writes docs/zombies.schema.json anew, after a change to the schema.

import { join } from "node:path";
import { z } from "zod";

import { Report } from "../src/mode/zombies/schema.ts";

/** The shape of `pause zombies --json` as JSON Schema. */
export const schema = z.toJSONSchema(Report);

/** Where it is documented. */
export const SCHEMA = join(import.meta.dirname, "../docs/zombies.schema.json");

if (import.meta.main) await Bun.write(SCHEMA, `${JSON.stringify(schema, null, 2)}\n`);
