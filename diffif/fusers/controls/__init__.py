"""Controls: a source alone, their mean, noise. No method should lose to them."""
