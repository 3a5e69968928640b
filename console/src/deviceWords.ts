/** What is said of a device, in words and levels. */
import type { Device, DeviceChange } from './api/devices'
import { useI18n } from './i18n'
import { useTimes } from './words'

export type Mark = 'good' | 'bad' | 'dim'

/** How urgently somebody must look at it: a fault stands, all is well, or there is nothing to say. */
export function markOf(device: Pick<Device, 'health'>): Mark {
  if (device.health === 'ok') return 'good'
  return device.health === 'never-heard' || device.health === 'unsupervised' ? 'dim' : 'bad'
}

/** The name people know it by: the household's label, else the group's, else its id. */
export function nameOf(device: Pick<Device, 'id' | 'household' | 'group'>): string {
  return device.household?.label ?? device.household?.id ?? device.group?.name ?? device.id
}

export function placeOf(device: Pick<Device, 'village' | 'group'>): string {
  return [device.village, device.group]
    .map((place) => place?.name ?? place?.id)
    .filter((name) => name !== undefined)
    .join(' · ')
}

export function useDeviceWords() {
  const { t, word } = useI18n()
  const { moment } = useTimes()
  /** 82 %, -71 dBm. */
  const battery = (device: Device) =>
    device.battery === null ? t('device.unknown') : `${Math.round(device.battery * 100)} %`
  const signal = (device: Device) => (device.rssi === null ? t('device.unknown') : `${device.rssi} dBm`)
  const time = (at: string | null) => (at === null ? t('device.never') : moment(at))
  /** Beside the change's own word: the reason of a revocation, whereto it was moved. */
  const about = (change: DeviceChange) => {
    const { reason, to } = change.data
    if (typeof reason === 'string') return word('revokeReason', reason)
    if (change.change !== 'moved') return ''
    if (change.names['to'] !== undefined) return change.names['to']
    if (typeof to !== 'object' || to === null) return ''
    const { household, group } = to as Record<string, unknown>
    const where = household ?? group
    return typeof where === 'string' ? where : ''
  }
  return { battery, signal, time, about }
}
