/**
 * Pages that are fetched when first opened. While the service is away they cannot be; after an
 * upgrade their old files are gone, and the console itself has to be fetched anew.
 */
import { type InjectionKey, type Ref, ref } from 'vue'
import type { Router } from 'vue-router'

export interface LatePages {
  /** The page that was asked for could not be fetched; the one before stays. */
  failed: Ref<boolean>
}

export const LATE_PAGES: InjectionKey<LatePages> = Symbol('late pages')

/**
 * `isThere` asks whether the service answers; `reopen` leaves for an address with all of the console
 * fetched anew. That locks the sound until a touch, so it is done only where nothing else helps, and
 * never for the address that the browser itself has just opened: it would do so for ever.
 */
export function watchLatePages(
  router: Pick<Router, 'onError' | 'afterEach'>,
  isThere: () => Promise<boolean>,
  reopen: (address: string) => void,
): LatePages {
  const failed = ref(false)
  router.afterEach((_to, _from, failure) => {
    if (failure === undefined) failed.value = false
  })
  router.onError(async (_error, to, from) => {
    failed.value = true
    if (from.matched.length > 0 && (await isThere())) reopen(to.fullPath)
  })
  return { failed }
}
