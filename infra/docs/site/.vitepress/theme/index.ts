import Theme from 'vitepress/theme-without-fonts'
import { h } from 'vue'
import { correctSearchRoles } from './search-roles.ts'
import VersionSwitch from './VersionSwitch.vue'
import './style.css'

export default {
  extends: Theme,
  enhanceApp() {
    // Pages are rendered once without a browser.
    if (typeof document !== 'undefined') correctSearchRoles()
  },
  Layout: () =>
    h(Theme.Layout, null, {
      'nav-bar-content-before': () => h(VersionSwitch),
      'nav-screen-content-before': () => h(VersionSwitch),
    }),
}
