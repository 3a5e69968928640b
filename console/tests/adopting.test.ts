import { describe, expect, it } from 'vitest'

import type { Channel, Device, Found, Stream } from '../src/api/adoption'
import { bodyOf, byHand, clockTime, isClockOff, isProhibited, missingOf, needsSign, NOTHING_SAID, ofChannel, type Placing } from '../src/adopting'

const stream = (uri: string): Stream => ({ uri, width: 704, height: 576, encoding: 'H264', frames_per_s: 25 })
const channel = (number: number, source: string | null): Channel => ({
  number,
  source,
  name: 'main',
  detection: stream(`rtsp://192.168.1.64/${number}/sub`),
  evidence: stream(`rtsp://192.168.1.64/${number}/main`),
  snapshot_uri: null,
})
const found: Found = {
  endpoint_reference: 'urn:uuid:1',
  address: '192.168.1.64',
  onvif_address: 'http://192.168.1.64/onvif/device_service',
  name: '牌坊',
  hardware: 'DS',
  make: 'hikvision',
  make_name: '海康威视 Hikvision',
  registered: 0,
  registered_as: '',
}
const device: Device = {
  manufacturer: 'HIKVISION',
  model: 'DS',
  firmware: '5',
  serial: 's',
  clock_skew_s: 2,
  channels: [channel(1, 'a'), channel(2, 'b')],
}
const login = { username: 'onvif', password: 'p' }
const said: Placing = {
  ...NOTHING_SAID,
  judged: 'none',
  name: ' 东村牌坊 ',
  village: 'dongcun',
  location: '灯杆',
  layer: 'area',
  legal_class: 'public',
  sign: 'up',
}

describe('taking a camera into service', () => {
  it('sends both streams of the chosen channel with the identity of its recorder', () => {
    const source = ofChannel(found, device, device.channels[1]!)!
    const body = bodyOf(source, login, said)
    expect(body).toMatchObject({
      stream_uri: 'rtsp://192.168.1.64/2/sub',
      main_stream_uri: 'rtsp://192.168.1.64/2/main',
      endpoint_reference: 'urn:uuid:1',
      source: 'b',
      name: '东村牌坊',
      serial: 's',
      sign_is_up: true,
      may_see: [],
      latitude: null,
    })
  })

  it('offers no channel without a stream', () => {
    expect(ofChannel(found, device, { ...channel(3, 'c'), detection: null })).toBeNull()
  })

  it('knows of a camera added by hand no more than its addresses', () => {
    const body = bodyOf(byHand('rtsp://192.168.1.7/stream2', null, ''), login, said)
    expect([body.endpoint_reference, body.onvif_address, body.main_stream_uri]).toEqual([null, null, null])
  })

  it('asks for everything that is not said, and for the sign only where the law does', () => {
    expect(missingOf(NOTHING_SAID)).toEqual(['judged', 'name', 'village', 'location', 'layer', 'legal_class'])
    expect(missingOf({ ...said, sign: '' })).toEqual(['sign'])
    expect(missingOf({ ...said, sign: '', legal_class: 'private' })).toEqual([])
    expect(['public', 'other_public', 'private', ''].map(needsSign)).toEqual([true, true, false, false])
  })

  it('takes a place for prohibited only when one is named, and sends it', () => {
    expect(isProhibited({ ...said, judged: 'some' })).toBe(false)
    const some: Placing = { ...said, judged: 'some', may_see: ['toilet'] }
    expect(isProhibited(some)).toBe(true)
    expect(bodyOf(byHand('rtsp://a/b', null, ''), login, some).may_see).toEqual(['toilet'])
    // ticked before the answer was changed: not what is said
    expect(bodyOf(byHand('rtsp://a/b', null, ''), login, { ...some, judged: 'none' }).may_see).toEqual([])
  })

  it('tells how far a clock is off from five seconds on', () => {
    expect([null, 4.9, -5.1].map(isClockOff)).toEqual([false, false, true])
    expect([-10_805, 59.6].map(clockTime)).toEqual(['3:00:05', '0:01:00'])
  })

  it('reads degrees as numbers', () => {
    const body = bodyOf(byHand('rtsp://a/b', null, ''), login, { ...said, latitude: '29.8', longitude: ' 121.5 ' })
    expect([body.latitude, body.longitude]).toEqual([29.8, 121.5])
  })
})
