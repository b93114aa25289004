// The secrets that an execution has in hand, together with those that it executes: what was given to it as a whole, and what
// was handed out when it was asked for. None of them may stand in anything that leaves it.
import { isGranted, type Reader } from "../workspace/config-grants.ts";
import { createScrubber, type Scrubber, type Secrets } from "./scrub.ts";
import { searchedCharacters } from "./secret-forms.ts";

interface Handed {
  readonly name: string;
  readonly value: string;
  readonly grants: readonly string[];
}

/** All that is in hand is searched for anew after each: beyond these, an execution that asks for one after the other would hold others up. */
const MAX_SECRETS = 100;
const MAX_SEARCHED_CHARACTERS = 1024 * 1024;

export class HandedSecrets {
  readonly #given: Secrets;
  readonly #handed: Handed[] = [];
  #searched = 0;
  /** Made when it is needed, and anew after more has been handed out. */
  #scrubber: { readonly made: Scrubber | undefined } | undefined;
  readonly #withheld = new Map<string, Scrubber | undefined>();

  /** `given`: of the whole execution, whatever it executes. */
  constructor(given: Secrets = {}) {
    this.#given = given;
  }

  given(name: string): string | undefined {
    return Object.hasOwn(this.#given, name) ? this.#given[name] : undefined;
  }

  /** To be called before the value leaves for author code. False: it would be more than one execution may hold, and must not. */
  add(name: string, { value, grants }: { readonly value: string; readonly grants: readonly string[] }): boolean {
    const known = this.#handed.findIndex((each) => each.name === name && each.value === value);
    if (known >= 0) {
      if (sameList(this.#handed[known]?.grants ?? [], grants)) return true;
      this.#handed[known] = { name, value, grants };
      this.#withheld.clear();
      return true;
    }
    const searched = searchedCharacters(value);
    if (this.#handed.length >= MAX_SECRETS || this.#searched + searched > MAX_SEARCHED_CHARACTERS) return false;
    this.#searched += searched;
    this.#handed.push({ name, value, grants });
    this.#scrubber = undefined;
    this.#withheld.clear();
    return true;
  }

  /** Of all that is in hand by now; undefined where there is nothing to look for. The same one until there is more. */
  scrubber(): Scrubber | undefined {
    this.#scrubber ??= { made: createScrubber([...Object.entries(this.#given), ...this.#handed.map(pair)]) };
    return this.#scrubber.made;
  }

  /** Of what was handed to another but may not be read by this one; undefined where there is nothing. */
  withheldFrom(reader: Reader): Scrubber | undefined {
    if (this.#handed.length === 0) return undefined;
    const key = JSON.stringify([reader.path, reader.exportName]);
    if (!this.#withheld.has(key)) this.#withheld.set(key, this.#scrubberFor(reader));
    return this.#withheld.get(key);
  }

  #scrubberFor(reader: Reader): Scrubber | undefined {
    const own = new Set([...Object.values(this.#given), ...this.#handed.filter(({ grants }) => isGranted(grants, reader)).map(({ value }) => value)]);
    return createScrubber(this.#handed.filter(({ value }) => !own.has(value)).map(pair));
  }
}

function pair({ name, value }: Handed): readonly [name: string, value: string] {
  return [name, value];
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each, index) => each === other[index]);
}
