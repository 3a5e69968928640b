import { describe, expect, it } from 'vitest'

import type { Contact, Household } from '../src/api/registry'
import { changeOf, clearableOf, fieldsOf } from '../src/householdForm'
import { batteryOf, signalOf } from '../src/lastWords'
import { aboutChange } from '../src/registryChanges'
import { drawVillages, ringsOf, shadeOf } from '../src/villageMap'

const CONTACT: Contact = {
  masked: false,
  name: 'Somebody',
  phone: '00000000001',
  address: 'Here 1',
  health: '',
  further: [{ name: 'Other', phone: '00000000002', relation: 'child' }],
}
const HOUSEHOLD = {
  id: 'h1',
  label: 'No. 1',
  estate: null,
  latitude: 30.5,
  longitude: 120.5,
  wants_notices: true,
  told_by: 'phone',
} as Household

describe('a household form', () => {
  it('that shows its contact masked sends only what was typed', () => {
    const fields = fieldsOf(HOUSEHOLD, null)
    fields.personal.phone = ' 00000000009 '
    expect(changeOf(fields, 'g1', false).contact).toEqual({ phone: '00000000009' })
  })

  it('that was not touched sends nothing personal', () => {
    expect(changeOf(fieldsOf(HOUSEHOLD, null), 'g1', false)).toEqual({
      group: 'g1',
      label: 'No. 1',
      estate: null,
      latitude: 30.5,
      longitude: 120.5,
      wants_notices: true,
      told_by: 'phone',
    })
  })

  it('in the clear sends what stands there, emptied fields too', () => {
    const fields = fieldsOf(HOUSEHOLD, CONTACT)
    fields.personal.phone = ''
    fields.further.push({ name: ' ', phone: '', relation: 'nobody' })
    expect(changeOf(fields, 'g1', true).contact).toEqual({
      name: 'Somebody',
      phone: '',
      address: 'Here 1',
      health: '',
      further: CONTACT.further,
    })
  })

  it('masked, clears only what is ticked, whatever was typed there', () => {
    const fields = fieldsOf(HOUSEHOLD, null)
    fields.personal.health = 'typed, then ticked'
    fields.cleared.push('health', 'further')
    expect(changeOf(fields, 'g1', false).contact).toEqual({ health: '', further: [] })
  })

  it('offers to clear what is kept, and nothing else', () => {
    const masked = { ...HOUSEHOLD, contact: { ...CONTACT, masked: true, name: 'S**' } }
    expect(clearableOf(masked)).toEqual(['name', 'phone', 'address', 'further'])
    expect(clearableOf(null)).toEqual([])
  })

  it('does not change the contact it was made of', () => {
    fieldsOf(HOUSEHOLD, CONTACT).further[0]!.name = 'Changed'
    expect(CONTACT.further[0]!.name).toBe('Other')
  })
})

describe('what a device says of itself', () => {
  it('is a percentage and a strength', () => {
    expect(batteryOf(0.93)).toEqual({ percent: 93, isLow: false })
    expect(batteryOf(0.1)).toEqual({ percent: 10, isLow: true })
    expect(signalOf(-97)).toEqual({ dbm: -97, isWeak: true })
  })

  it('is left out where it is nonsense', () => {
    expect([batteryOf('full'), batteryOf(93), batteryOf(NaN), signalOf(null)]).toEqual([null, null, null, null])
  })
})

describe('a change in words', () => {
  it('says from where to where', () => {
    expect(aboutChange({ from: 'g1', to: 'g2' }, (_, code) => code)).toBe('g1 → g2')
  })

  it('says it by the names where it knows them', () => {
    const said = aboutChange({ from: 'g1', to: 'g2' }, (_, code) => code, undefined, { to: 'Second' })
    expect(said).toBe('g1 → Second')
  })

  it('names fields, never values', () => {
    expect(aboutChange({ fields: ['name', 'phone'] }, (group, code) => `${group}.${code}`)).toBe(
      'registryField.name、registryField.phone',
    )
  })
})

const square = (west: number, south: number) => ({
  type: 'Polygon',
  coordinates: [[[west, south], [west + 1, south], [west + 1, south + 1], [west, south + 1], [west, south]]],
})

describe('the map of villages', () => {
  it('has north up, east right, and one scale', () => {
    const { shapes, width, height } = drawVillages(
      [
        { id: 'a', boundary: square(0, 0) },
        { id: 'b', boundary: square(1, 1) },
      ],
      624,
    )
    expect(shapes.map((one) => one.id)).toEqual(['a', 'b'])
    expect(shapes[1]!.x).toBeGreaterThan(shapes[0]!.x)
    expect(shapes[1]!.y).toBeLessThan(shapes[0]!.y)
    expect(height).toBeCloseTo(width, -1)
  })

  it('leaves out who has no boundary', () => {
    expect(drawVillages([{ id: 'a', boundary: null }], 600).shapes).toEqual([])
    expect(ringsOf({ type: 'Point', coordinates: [1, 2] })).toEqual([])
  })

  it('draws every part of a village that lies in several', () => {
    const boundary = { type: 'MultiPolygon', coordinates: [square(0, 0).coordinates, square(2, 0).coordinates] }
    const [shape] = drawVillages([{ id: 'a', boundary }], 600).shapes
    expect(shape!.path.match(/M/g)).toHaveLength(2)
  })

  it('shades by the way to a model village', () => {
    expect([null, 0, 0.3, 0.6, 0.83].map((rate) => shadeOf(rate, 0.83))).toEqual([
      'unknown',
      'low',
      'middle',
      'near',
      'model',
    ])
  })
})
