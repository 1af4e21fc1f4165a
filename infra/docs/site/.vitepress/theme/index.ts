import Theme from 'vitepress/theme-without-fonts'
import { h } from 'vue'
import VersionSwitch from './VersionSwitch.vue'
import './style.css'

export default {
  extends: Theme,
  Layout: () =>
    h(Theme.Layout, null, {
      'nav-bar-content-before': () => h(VersionSwitch),
      'nav-screen-content-before': () => h(VersionSwitch),
    }),
}
