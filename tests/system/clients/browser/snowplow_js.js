import { flushBuffer, newTracker, setUserId, trackPageView, trackStructEvent } from '@snowplow/browser-tracker'
import {
  SnowplowEcommercePlugin, trackAddToCart, trackCheckoutStep, trackProductView, trackTransaction,
} from '@snowplow/browser-plugin-snowplow-ecommerce'

export default async function ({ host, key, trip }) {
  newTracker('sp', host, { appId: key, plugins: [SnowplowEcommercePlugin()], postPath: '/com.loja/track' })
  setUserId(trip.user)
  const { currency } = trip
  const products = trip.products.map((product) => ({ ...product, currency }))
  const { id, value, coupon, shipping, tax, total } = trip.order
  trackPageView()
  trackProductView(products[0])
  trackAddToCart({ products: [products[0]], total_value: 99.8, currency })
  trackCheckoutStep({ step: 1 })
  trackTransaction({ transaction_id: id, revenue: value, currency, payment_method: 'pix', shipping, tax, discount_code: coupon, products, total })
  trackStructEvent({ category: 'forms', action: 'Newsletter Signup', label: 'novidades' })
  // What failed stays in the tracker's queue until the next event, as of a visitor who goes on.
  setInterval(flushBuffer, 300)
}
