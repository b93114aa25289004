// The child's first statement once all it needs is loaded: it gives up what it was allowed for loading.

/** Nothing can be read, loaded or asked for afterwards. Harmless where the permission model is off. */
export function shedPermissions(): void {
  const { permission } = process as { permission?: { drop?(scope: string, reference?: string): void } };
  if (permission?.drop === undefined) return;
  for (const scope of ["fs.write", "fs.read", "addon", "worker"]) permission.drop(scope);
}
