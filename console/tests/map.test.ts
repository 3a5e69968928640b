import { describe, expect, it } from 'vitest'

import type { MapCamera, MapHousehold } from '../src/api/map'
import { away, boxOf, middleOf, sectorOf, spotOf, worldOf } from '../src/map/geometry'
import { useLayers } from '../src/map/layers'
import { marksAt, type Point, Sheet } from '../src/map/marks'
import { markedOf, pinsOf, roughAge, toneOf } from '../src/map/pins'
import { LAYERS, Scene, type Standing } from '../src/map/scene'
import { incident } from './incident'

const HERE = { latitude: 29.8, longitude: 121.5 }
const ALL = new Set(LAYERS)

const home = (id: string, north = 0, east = 0, more: Partial<MapHousehold> = {}): MapHousehold => ({
  id,
  label: id,
  group: 'g1',
  ...away(away(HERE, 0, north), 90, east),
  sight: 'seen',
  seen_by: [],
  ...more,
})

const camera = (id: string, north = 0, east = 0, view: MapCamera['view'] = null): MapCamera => ({
  id,
  name: id,
  village: 'v',
  legal_class: 'public',
  ...away(away(HERE, 0, north), 90, east),
  view,
})

const standing = (more: Partial<Standing> = {}): Standing => ({
  villages: [],
  grids: [],
  households: [],
  cameras: [],
  tiles: null,
  camera_range_m: 60,
  ...more,
})

describe('the sheet', () => {
  it('gives back the place it was given', () => {
    const back = spotOf(worldOf(HERE))
    expect(back.latitude).toBeCloseTo(HERE.latitude, 9)
    expect(back.longitude).toBeCloseTo(HERE.longitude, 9)
  })

  it('has north above and east to the right', () => {
    const [x, y] = worldOf(HERE)
    expect(worldOf(away(HERE, 0, 1000))[1]).toBeLessThan(y)
    expect(worldOf(away(HERE, 90, 1000))[0]).toBeGreaterThan(x)
  })

  it('draws a camera’s field from the camera, and a ring where it sees all round', () => {
    const field = sectorOf(HERE, { bearing: 90, angle: 60, range_m: 50 })
    expect(field[0]).toEqual(HERE)
    expect(field.slice(1).every((one) => one.longitude > HERE.longitude)).toBe(true)
    const ring = sectorOf(HERE, { bearing: 0, angle: 360, range_m: 50 })
    expect(ring).not.toContainEqual(HERE)
    const box = boxOf(ring)!
    expect((box[3] - box[1]) * 111_195).toBeCloseTo(100, 0)
  })

  it('knows the middle of a boundary, and none of none', () => {
    const boundary = { type: 'Polygon', coordinates: [[[1, 2], [3, 2], [3, 4], [1, 4], [1, 2]]] }
    expect(middleOf(boundary)).toEqual({ longitude: 2, latitude: 3 })
    expect(middleOf(null)).toBeNull()
  })
})

describe('marks', () => {
  const points: Point<string>[] = [
    { at: [100, 100], of: 'a' },
    { at: [100.00001, 100], of: 'b' },
    { at: [120, 100], of: 'c' },
  ]

  it('are one where they would lie upon each other, and lose nobody', () => {
    const far = marksAt(points, 2, true)
    expect(far.map((mark) => mark.all.length).sort()).toEqual([1, 2])
    expect(marksAt(points, 2, false)).toHaveLength(3)
  })

  it('are found by the piece they lie in, and near its edge by both', () => {
    const sheet = new Sheet(marksAt(points, 2, false), 256)
    expect(sheet.within(256, 256, 256, 256, 0)).toHaveLength(3)
    expect(sheet.within(512, 256, 256, 256, 0)).toHaveLength(0)
    expect(sheet.within(512, 256, 256, 256, 40)).toHaveLength(1)
  })

  it('nearest to a finger are meant, within its reach', () => {
    const sheet = new Sheet(marksAt(points, 2, false), 256)
    expect(sheet.nearest(478, 400, 16)?.mark.all).toEqual(['c'])
    expect(sheet.nearest(440, 400, 16)).toBeNull()
  })
})

describe('the scene', () => {
  const [x, y] = worldOf(HERE)
  const zoom = 18
  const under = (scene: Scene, north: number, east: number) => {
    const [wx, wy] = worldOf(away(away(HERE, 0, north), 90, east))
    return scene.under(zoom, wx * 2 ** zoom, wy * 2 ** zoom, 16, ALL)
  }

  it('tells what lies under a finger, and nothing where nothing is', () => {
    const scene = new Scene(standing({ households: [home('h1')], cameras: [camera('c1', 60)] }))
    expect(under(scene, 1, 1)).toMatchObject({ kind: 'household', household: { id: 'h1' } })
    expect(under(scene, 60, 1)).toMatchObject({ kind: 'camera', camera: { id: 'c1' } })
    expect(under(scene, 30, 0)).toBeNull()
  })

  it('tells nothing of a layer that is not shown', () => {
    const scene = new Scene(standing({ households: [home('h1')] }))
    expect(scene.under(zoom, x * 2 ** zoom, y * 2 ** zoom, 16, new Set(['cameras']))).toBeNull()
  })

  it('gathers households from afar, and a finger there means all of them', () => {
    const scene = new Scene(standing({ households: [home('h1'), home('h2', 20)] }))
    expect(scene.under(10, x * 1024, y * 1024, 20, ALL)).toMatchObject({ kind: 'many' })
  })

  it('shows a field of view on pieces that its camera is not on', () => {
    const view = { bearing: 90, angle: 60, range_m: 400 }
    const scene = new Scene(standing({ cameras: [camera('c1', 0, 0, view)] }))
    const scale = 2 ** zoom
    const right = scene.shown(zoom, x * scale + 200, y * scale - 128, 256, 256, 90)
    expect(right.cameras).toHaveLength(0)
    expect(right.views.map((one) => one.camera.id)).toEqual(['c1'])
  })

  it('is drawn in the system of the tiles', () => {
    const tiles = { layers: [], subdomains: '', attribution: '', system: 'gcj02', deepest_zoom: 18 }
    const plain = new Scene(standing({ cameras: [camera('c1')] })).cameras[0]!.at
    const beside = new Scene(standing({ cameras: [camera('c1')], tiles })).cameras[0]!.at
    expect(Math.hypot(plain[0] - beside[0], plain[1] - beside[1]) * 2 ** 17).toBeGreaterThan(50)
  })

  it('of a county is made, and a piece of it found, in a moment', () => {
    const households = Array.from({ length: 4_000 }, (_, n) => home(`h${n}`, (n % 200) * 30, Math.floor(n / 200) * 300))
    const cameras = Array.from({ length: 2_500 }, (_, n) =>
      camera(`c${n}`, (n % 50) * 120, Math.floor(n / 50) * 120, { bearing: n % 360, angle: 80, range_m: 60 }),
    )
    const begun = performance.now()
    const scene = new Scene(standing({ households, cameras }))
    const made = performance.now()
    let found = 0
    for (let level = 11; level <= 19; level += 1) {
      const scale = 2 ** level
      for (let piece = 0; piece < 12; piece += 1) {
        const shown = scene.shown(level, x * scale + 512 * (piece % 4), y * scale - 512 * Math.floor(piece / 4), 512, 512, 90)
        found += shown.homes.length + shown.cameras.length
      }
    }
    const ended = performance.now()
    console.info(`4 000 households, 2 500 cameras: made in ${(made - begun).toFixed(0)} ms, 108 pieces found in ${(ended - made).toFixed(0)} ms`)
    expect(found).toBeGreaterThan(1_000)
    expect(ended - begun).toBeLessThan(5_000)
  })
})

describe('pins', () => {
  const known = {
    spots: new Map(),
    households: new Map([['dongcun-017', home('dongcun-017', 0, 0, { seen_by: ['c1'] })]]),
    villages: new Map([
      ['dongcun', { id: 'dongcun', name: '东村', boundary: { type: 'Polygon', coordinates: [[[1, 2], [3, 2], [3, 4], [1, 4], [1, 2]]] } }],
    ]),
  }
  const ids = (household: string | null, village: string | null = 'dongcun') => ({ village, grid: null, group: null, household })

  it('stand where the household is, the most urgent first', () => {
    const open = [incident({ id: 'a', place_ids: ids('dongcun-017') }), incident({ id: 'b', place_ids: ids('dongcun-018') })]
    const pins = pinsOf(open, known)
    expect(pins.map((pin) => [pin.incident.id, pin.exact, pin.rank])).toEqual([['a', true, 0], ['b', false, 1]])
    expect(pins[1]!.spot).toEqual({ longitude: 2, latitude: 3 })
  })

  it('stand where the server says when the household is not known here', () => {
    const spots = new Map([['a', { incident: 'a', ...HERE, of: 'camera' }]])
    const [pin] = pinsOf([incident({ id: 'a', place_ids: ids(null) })], { ...known, spots })
    expect(pin).toMatchObject({ exact: true, spot: HERE })
  })

  it('are not drawn where nobody knows even the village', () => {
    expect(pinsOf([incident({ place_ids: ids(null, null) })], known)).toEqual([])
  })

  it('tell a drill from a call, and what is taken from what is not', () => {
    expect(toneOf(incident({ drill: true }))).toBe('drill')
    expect(toneOf(incident({ acknowledged: null }))).toBe('urgent')
    expect(toneOf(incident({ acknowledged: null, kind: 'loitering' }))).toBe('warn')
  })

  it('mark who called and the cameras that see it', () => {
    const one = incident({ place_ids: ids('dongcun-017') })
    expect([...markedOf(one, known.households)]).toContain('c1')
    const near = new Map([['dongcun-017', home('dongcun-017', 0, 0, { sight: 'near', seen_by: ['c1'] })]])
    expect([...markedOf(one, near)]).not.toContain('c1')
  })

  it('are as old as people say it', () => {
    expect(roughAge(-5)).toEqual({ key: 'map.now', n: 0 })
    expect(roughAge(61_000)).toEqual({ key: 'map.minutes', n: 1 })
    expect(roughAge(3 * 3_600_000)).toEqual({ key: 'map.hours', n: 3 })
    expect(roughAge(72 * 3_600_000)).toEqual({ key: 'map.days', n: 3 })
  })
})

describe('layers', () => {
  it('are remembered, and incidents are never among those hidden', () => {
    const kept = new Map<string, string>()
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    } as unknown as Storage
    const first = useLayers(storage)
    expect(first.wanted.value.has('sight')).toBe(false)
    first.turn('sight', true)
    first.turn('incidents', false)
    first.turn('cameras', false)
    const again = useLayers(storage).wanted.value
    expect([again.has('sight'), again.has('incidents'), again.has('cameras')]).toEqual([true, true, false])
  })
})
