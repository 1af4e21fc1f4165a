/** A small but real training: fits a line to noisy points by gradient descent, so that the demo shows real curves. */

export interface Training {
  /** Mean squared error after each epoch. */
  readonly losses: readonly number[]
  readonly slope: number
  readonly intercept: number
}

const EPOCHS = 30

/** @param wobble Size of the deterministic noise on the points. */
export function train(learningRate: number, wobble: number): Training {
  const points = Array.from({ length: 40 }, (_, i) => {
    const x = i / 20 - 1
    return { x, y: 3 * x + 2 + wobble * Math.sin(i * 12.9898) }
  })
  let slope = 0
  let intercept = 0
  const losses: number[] = []
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    const errors = points.map(({ x, y }) => ({ x, error: slope * x + intercept - y }))
    slope -= (2 * learningRate * sum(errors.map(({ x, error }) => x * error))) / points.length
    intercept -= (2 * learningRate * sum(errors.map(({ error }) => error))) / points.length
    losses.push(sum(points.map(({ x, y }) => (slope * x + intercept - y) ** 2)) / points.length)
  }
  return { losses, slope, intercept }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)
