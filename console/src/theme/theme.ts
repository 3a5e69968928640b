/** Dark for the control room, light for a room with windows; remembered on this computer. */
import { inject, ref, type InjectionKey, type Ref } from 'vue'

export type Theme = 'dark' | 'light'
const STORED_AS = 'lianfang.theme'

export interface Themes {
  theme: Ref<Theme>
  switchTo: (theme: Theme) => void
}

export function createThemes(storage: Storage, page: Document): Themes {
  const theme = ref<Theme>(storage.getItem(STORED_AS) === 'light' ? 'light' : 'dark')
  const show = () => {
    page.documentElement.classList.toggle('dark', theme.value === 'dark')
    page.documentElement.classList.toggle('light', theme.value === 'light')
  }
  show()
  return {
    theme,
    switchTo: (wanted) => {
      theme.value = wanted
      storage.setItem(STORED_AS, wanted)
      show()
    },
  }
}

export const THEMES: InjectionKey<Themes> = Symbol('themes')

export function useThemes(): Themes {
  const themes = inject(THEMES)
  if (themes === undefined) throw new Error('themes are not provided')
  return themes
}
