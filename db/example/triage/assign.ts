import technicians from "../data/technicians.json";

/** Who knows the topic and has the most room; undefined when everybody who knows it is away or full. */
export function chooseTechnician(
  topic: string,
  { load, away }: { readonly load: ReadonlyMap<string, number>; readonly away: readonly string[] },
): string | undefined {
  const able = technicians.filter(({ name, skills, mostOpen }) => skills.includes(topic) && !away.includes(name) && (load.get(name) ?? 0) < mostOpen);
  const room = ({ name, mostOpen }: { name: string; mostOpen: number }): number => mostOpen - (load.get(name) ?? 0);
  return able.toSorted((one, other) => room(other) - room(one))[0]?.name;
}
