import { IMAGE_NAME } from '../image/image.ts'
import { VERSION } from '../python-packages.ts'
import { APACHE, type Bill } from './bill.ts'

/** The bill of the Helm chart. It contains its own templates alone, and runs the image. */
export const billOfChart = (): Bill => ({
  metadata: {
    component: {
      type: 'application',
      'bom-ref': 'chart',
      name: 'modelops-gateway-chart',
      version: VERSION,
      licenses: APACHE,
      description: 'Helm chart of modelops-gateway',
    },
  },
  components: [
    {
      type: 'container',
      'bom-ref': IMAGE_NAME,
      name: 'modelops-gateway',
      version: VERSION,
      scope: 'excluded',
      description: 'The image that the chart runs, unless its values name another one',
    },
  ],
  dependencies: [{ ref: 'chart', dependsOn: [IMAGE_NAME] }],
})
