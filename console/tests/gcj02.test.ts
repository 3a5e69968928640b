import { describe, expect, it } from 'vitest'

import { pasted } from '../src/boundaryDraft'
import { fromSystem, inSystem, toGcj02, toWgs84 } from '../src/map/gcj02'
import { metresPerPixel, type Spot } from '../src/map/geometry'
import { keptOf, needsBearing, spotTyped, typedOf, viewOf } from '../src/map/typing'

/** The figures published with the formula (EvilTransform): WGS-84, GCJ-02. */
const PUBLISHED: [Spot, Spot][] = [
  [at(31.1774276, 121.5272106), at(31.17530398364597, 121.531541859215)],
  [at(22.543847, 113.912316), at(22.540796131694766, 113.9171764808363)],
  [at(39.911954, 116.377817), at(39.91334545536069, 116.38404722455657)],
]

function at(latitude: number, longitude: number): Spot {
  return { latitude, longitude }
}

/** A pixel at zoom 0 is this much ground: enough for a distance of some metres. */
function metresBetween(a: Spot, b: Spot): number {
  const north = (a.latitude - b.latitude) * 111_195
  const east = (a.longitude - b.longitude) * 111_195 * Math.cos((a.latitude * Math.PI) / 180)
  return Math.hypot(north, east)
}

/** The same places in every run: a linear congruence. */
function places(count: number): Spot[] {
  let seed = 20_261_122
  const next = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
  return Array.from({ length: count }, () => at(18 + next() * 35, 74 + next() * 60))
}

describe('GCJ-02', () => {
  it.each(PUBLISHED)('is what was published: %o', (wgs, gcj) => {
    const found = toGcj02(wgs)
    expect(found.latitude).toBeCloseTo(gcj.latitude, 9)
    expect(found.longitude).toBeCloseTo(gcj.longitude, 9)
  })

  it('comes back to the same place, all over the country, to less than a metre', () => {
    for (const place of places(2_000)) {
      const there = toGcj02(place)
      expect(metresBetween(there, place)).toBeGreaterThan(20)
      expect(metresBetween(toWgs84(there), place)).toBeLessThan(0.01)
      // the other way round as well: what a map says is what is drawn on it again
      expect(metresBetween(toGcj02(toWgs84(place)), place)).toBeLessThan(0.01)
    }
  })

  it('is 100 to 800 m beside the place', () => {
    for (const [wgs, gcj] of PUBLISHED) {
      expect(metresBetween(wgs, gcj)).toBeGreaterThan(100)
      expect(metresBetween(wgs, gcj)).toBeLessThan(800)
    }
  })

  it('is the same place abroad', () => {
    const abroad = at(48.2, 16.37)
    expect(toGcj02(abroad)).toEqual(abroad)
    expect(toWgs84(abroad)).toEqual(abroad)
  })

  it('is used only where a system is said to be it', () => {
    const [[wgs, gcj]] = PUBLISHED as [[Spot, Spot]]
    expect(inSystem(wgs, 'wgs84')).toEqual(wgs)
    expect(fromSystem(wgs, 'wgs84')).toEqual(wgs)
    expect(inSystem(wgs, 'gcj02')).not.toEqual(wgs)
    expect(metresBetween(fromSystem(gcj, 'gcj02'), wgs)).toBeLessThan(0.05)
  })
})

describe('a place as it is typed', () => {
  it('is kept as WGS-84 wherever it was read', () => {
    const kept = keptOf('31.17530398', '121.53154186', 'gcj02')
    expect(metresBetween(spotTyped(...kept)!, at(31.1774276, 121.5272106))).toBeLessThan(0.05)
    expect(keptOf('31.17', '121.5', 'wgs84')).toEqual(['31.17', '121.5'])
  })

  it('stays as it was typed while it is none', () => {
    expect(keptOf('31.', '', 'gcj02')).toEqual(['31.', ''])
    expect(spotTyped('', '121')).toBeNull()
  })

  it('of a boundary is turned corner by corner', () => {
    const lines = '121.5315,31.1753\n121.5415,31.1753\n121.5415,31.1853'
    const plain = pasted(lines)!.corners
    const turned = pasted(lines, 'gcj02')!.corners
    expect(turned).toHaveLength(3)
    expect(turned[0]![0]).toBeLessThan(plain[0]![0])
    expect(pasted('nothing', 'gcj02')).toBeNull()
  })
})

describe('a field of view as it is typed', () => {
  it('is nothing while nothing is typed, and all of it afterwards', () => {
    expect(viewOf(typedOf(null))).toBeNull()
    const view = { bearing: 90, angle: 70, range_m: 45 }
    expect(viewOf(typedOf(view))).toEqual(view)
  })

  it('needs no direction where it looks all round', () => {
    const dome = { bearing: '', angle: '360', range_m: '40' }
    expect(needsBearing(dome)).toBe(false)
    expect(needsBearing({ ...dome, angle: '90' })).toBe(true)
    expect(needsBearing({ bearing: '', angle: '', range_m: '' })).toBe(false)
    expect(viewOf(dome)).toEqual({ bearing: 0, angle: 360, range_m: 40 })
  })
})

it('a pixel is as large as it is on every such map', () => {
  expect(metresPerPixel(0, 0)).toBeCloseTo(156_543, 0)
  expect(metresPerPixel(30, 17)).toBeCloseTo(1.034, 2)
})
