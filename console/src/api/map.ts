/** The map: what stands on it, what moves on it. Shapes and calls; all coordinates WGS-84. */
import type { View } from '../map/geometry'
import type { Client } from './client'
import type { Open } from './types'

export interface MapTiles {
  /** With {z}, {x}, {y} and perhaps {s}; the undermost first. */
  layers: string[]
  subdomains: string
  attribution: string
  system: Open<'wgs84' | 'gcj02'>
  deepest_zoom: number
}

export interface MapVillage {
  id: string
  name: string
  /** GeoJSON Polygon; null: not drawn. */
  boundary: unknown
}

export interface MapGrid extends MapVillage {
  village: string
}

export interface MapGroup {
  id: string
  name: string
  grid: string
  village: string
  seen: number
  near: number
  blind: number
  unplaced: number
}

/** How a household stands to the cameras. */
export type Sight = Open<'seen' | 'near' | 'blind'>

export interface MapHousehold {
  id: string
  label: string
  group: string
  latitude: number
  longitude: number
  /** null: whoever looks may see no cameras. */
  sight: Sight | null
  seen_by: string[]
}

export interface MapCamera {
  id: string
  name: string
  village: string
  legal_class: string
  latitude: number
  longitude: number
  /** null: nobody wrote down where it looks. */
  view: View | null
}

export interface TownMap {
  tiles: MapTiles | null
  camera_range_m: number
  villages: MapVillage[]
  grids: MapGrid[]
  groups: MapGroup[] | null
  households: MapHousehold[] | null
  cameras: MapCamera[] | null
  cameras_unplaced: number
}

export interface MapSpot {
  incident: string
  latitude: number
  longitude: number
  of: Open<'household' | 'camera'>
}

export interface MapTeam {
  id: string
  name: string
  latitude: number
  longitude: number
  until: string
  /** Number of the incident it was sent to. */
  incident: string | null
}

export interface MapNow {
  incidents: MapSpot[]
  teams: MapTeam[] | null
}

export interface NearbyCamera extends MapCamera {
  distance_m: number
  sight: Sight
}

export interface IncidentSurroundings {
  tiles: MapTiles | null
  camera_range_m: number
  spot: MapSpot | null
  villages: MapVillage[]
  grids: MapGrid[]
  households: MapHousehold[] | null
  cameras: NearbyCamera[] | null
}

export const readTownMap = (client: Client) => client.get<TownMap>('/map')

export const readMapNow = (client: Client) => client.get<MapNow>('/map/now')

export const readSurroundings = (client: Client, incident: string) =>
  client.get<IncidentSurroundings>(`/incidents/${encodeURIComponent(incident)}/map`)
