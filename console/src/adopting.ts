/** What is known of a camera while it is taken into service, and what is sent of it. Pure. */
import type { Adoption, Channel, Device, Found } from './api/adoption'
import { typedOf, viewOf, type ViewTyped } from './map/typing'

/** Where the pictures come from, once that is settled. */
export interface Source {
  /** What people call it while it has no name. */
  label: string
  stream_uri: string
  main_stream_uri: string | null
  snapshot_uri: string | null
  endpoint_reference: string | null
  source: string | null
  onvif_address: string | null
  plate: { manufacturer: string; model: string; serial: string; clock_skew_s: number | null }
}

export interface Placing {
  name: string
  village: string
  location: string
  layer: string
  legal_class: string
  /** Whether the question of prohibited places was answered. */
  judged: '' | 'none' | 'some'
  may_see: string[]
  sign: '' | 'up' | 'later'
  latitude: string
  longitude: string
  view: ViewTyped
}

export const NOTHING_SAID: Placing = {
  name: '',
  village: '',
  location: '',
  layer: '',
  legal_class: '',
  judged: '',
  may_see: [],
  sign: '',
  latitude: '',
  longitude: '',
  view: typedOf(null),
}

/** From where a clock's error is told: logins are refused, times in pictures mislead. */
const SKEW_WORTH_TELLING_S = 5

export const isClockOff = (skewS: number | null) => skewS !== null && Math.abs(skewS) > SKEW_WORTH_TELLING_S

/** How far a clock is off, without its direction: 3:00:05. */
export function clockTime(seconds: number): string {
  const whole = Math.round(Math.abs(seconds))
  const two = (part: number) => String(part).padStart(2, '0')
  return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`
}

const NO_PLATE = { manufacturer: '', model: '', serial: '', clock_skew_s: null }

/** A channel that can be watched; null where the device names no stream of it. */
export function ofChannel(found: Found, device: Device, channel: Channel): Source | null {
  if (channel.detection === null) return null
  return {
    label: channel.source === null ? found.name || found.address : `${found.address} · ${channel.number}`,
    stream_uri: channel.detection.uri,
    main_stream_uri: channel.evidence?.uri ?? null,
    snapshot_uri: channel.snapshot_uri,
    endpoint_reference: found.endpoint_reference || null,
    source: channel.source,
    onvif_address: found.onvif_address,
    plate: {
      manufacturer: device.manufacturer,
      model: device.model,
      serial: device.serial,
      clock_skew_s: device.clock_skew_s,
    },
  }
}

/** A camera of which only its addresses are known. */
export function byHand(sub: string, main: string | null, manufacturer: string): Source {
  return {
    label: sub,
    stream_uri: sub,
    main_stream_uri: main,
    snapshot_uri: null,
    endpoint_reference: null,
    source: null,
    onvif_address: null,
    plate: { ...NO_PLATE, manufacturer },
  }
}

/** Whether the law asks for a notice sign: everywhere but in somebody's own home. */
export const needsSign = (legalClass: string) => legalClass !== '' && legalClass !== 'private'

/** What has still to be said, by the names of the fields. */
export function missingOf(said: Placing): (keyof Placing)[] {
  const asked: (keyof Placing)[] = ['judged', 'name', 'village', 'location', 'layer', 'legal_class']
  if (needsSign(said.legal_class)) asked.push('sign')
  return asked.filter((field) => String(said[field]).trim() === '')
}

export const isProhibited = (said: Placing) => said.judged === 'some' && said.may_see.length > 0

const degrees = (text: string) => (text.trim() === '' ? null : Number(text))

export function bodyOf(
  source: Source,
  login: { username: string; password: string },
  said: Placing,
): Adoption {
  return {
    name: said.name.trim(),
    village: said.village,
    location: said.location.trim(),
    layer: said.layer,
    legal_class: said.legal_class,
    may_see: said.judged === 'some' ? said.may_see : [],
    sign_is_up: needsSign(said.legal_class) && said.sign === 'up',
    stream_uri: source.stream_uri,
    main_stream_uri: source.main_stream_uri,
    snapshot_uri: source.snapshot_uri,
    endpoint_reference: source.endpoint_reference,
    source: source.source,
    onvif_address: source.onvif_address,
    username: login.username,
    password: login.password,
    ...source.plate,
    latitude: degrees(said.latitude),
    longitude: degrees(said.longitude),
    view: viewOf(said.view),
  }
}
