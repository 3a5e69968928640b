/** Devices as labels are given out: group by group. Pure. */
import type { Device } from './api/devices'

export interface Section {
  /** '' for those in no group. */
  id: string
  name: string | null
  devices: Device[]
}

/** In the order in which the groups' names are read; those in no group at the end. */
export function byGroup(devices: readonly Device[]): Section[] {
  const sections = new Map<string, Section>()
  for (const device of devices) {
    const { id, name } = device.group ?? { id: '', name: null }
    const section = sections.get(id) ?? { id, name: name ?? (id === '' ? null : id), devices: [] }
    section.devices.push(device)
    sections.set(id, section)
  }
  return [...sections.values()].sort((a, b) => {
    if (a.name === null || b.name === null) return Number(a.name === null) - Number(b.name === null)
    return a.name.localeCompare(b.name, 'zh-CN', { numeric: true })
  })
}
