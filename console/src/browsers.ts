/** What a browser calls itself, as short as people say it. Pure. */

const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdgA?\/(\d+)/, 'Edge'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\b(?:Chrome|CriOS|HeadlessChrome)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+).*Safari/, 'Safari'],
]
const SYSTEMS: readonly [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
]

/** "Chrome 120 · Windows"; what is none of those we know stands as it is, cut short. */
export function browserName(agent: string): string {
  const found = BROWSERS.map(([how, name]) => {
    const version = how.exec(agent)?.[1]
    return version === undefined ? null : `${name} ${version}`
  }).find((one) => one !== null)
  const system = SYSTEMS.find(([how]) => how.test(agent))?.[1]
  const parts = [found, system].filter((one) => one !== undefined && one !== null)
  return parts.length > 0 ? parts.join(' · ') : agent.slice(0, 40)
}
