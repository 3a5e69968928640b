/** What hangs on cameras' digital inputs. Shapes and their calls. */
import type { Client } from './client'

export interface CameraInput {
  token: string
  /** As the camera says; null: it never spoke of it. */
  active: boolean | null
  /** As it is wired. */
  pressed: boolean | null
  button: string | null
  kind: string | null
  silent: boolean
  normally_closed: boolean
  presses: number
  pressed_at: string | null
  /** The last press by the camera's own clock. */
  pressed_at_camera: string | null
  test_until: string | null
  /** Why a press would not be heard: unheard, stuck or no-camera. */
  dead: string | null
}

export interface Wiring {
  button: string
  household: string | null
  kind: string
  silent: boolean
  normally_closed: boolean
}

const path = (camera: string, token?: string) => {
  const inputs = `/cameras/${encodeURIComponent(camera)}/inputs`
  return token === undefined ? inputs : `${inputs}/${encodeURIComponent(token)}`
}

export const readInputs = async (client: Client, camera: string) =>
  (await client.get<{ items: CameraInput[] }>(path(camera))).items

export const wireInput = (client: Client, camera: string, token: string, wiring: Wiring) =>
  client.change('PUT', path(camera, token), { ...wiring })

export const unwireInput = (client: Client, camera: string, token: string) =>
  client.change('DELETE', path(camera, token), {})

export const announceTest = (client: Client, camera: string, token: string) =>
  client.change<{ until: string }>('POST', `${path(camera, token)}/test`, {})
