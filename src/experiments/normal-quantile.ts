// P. J. Acklam's rational approximation: relative error below 1.15e-9 over the whole range.
const central = {
  top: [
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
    2.506628277459239,
  ],
  bottom: [
    -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
    -1.328068155288572e1, 1,
  ],
};
const tail = {
  top: [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ],
  bottom: [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1],
};
const tailBelow = 0.02425;

/** The value below which a standard normal variable lies with this probability, above 0 and below 1. */
export function normalQuantile(probability: number): number {
  if (probability > 1 - tailBelow) return -normalQuantile(1 - probability);
  if (probability < tailBelow) {
    const q = Math.sqrt(-2 * Math.log(probability));
    return polynomial(tail.top, q) / polynomial(tail.bottom, q);
  }
  const q = probability - 0.5;
  return (q * polynomial(central.top, q * q)) / polynomial(central.bottom, q * q);
}

/** The highest power first. */
function polynomial(coefficients: readonly number[], at: number): number {
  return coefficients.reduce((sum, coefficient) => sum * at + coefficient, 0);
}
