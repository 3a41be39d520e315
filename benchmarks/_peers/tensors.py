"""PyTorch, torchmetrics, JAX and TensorFlow."""

from benchmarks._peers import THREADS, peer


def torch_tensors(arrays):
    """Return tensors of the same memory."""
    import torch

    torch.set_num_threads(THREADS)
    return [torch.from_numpy(array) for array in arrays]


def torch_weighted(name):
    """Return what prepares a loss of `torch.nn.functional` with weights."""

    def prepare(*arrays):
        import torch

        y_true, y_pred, weights = torch_tensors(arrays)
        loss = getattr(torch.nn.functional, name)

        def call():
            losses = loss(y_pred, y_true, reduction="none")
            return ((losses * weights).sum() / torch.count_nonzero(weights)).item()

        return call

    return prepare


def torch_mean(name):
    """Return what prepares the mean of a loss of `torch.nn.functional`."""

    def prepare(*arrays):
        import torch

        y_true, y_pred = torch_tensors(arrays)
        loss = getattr(torch.nn.functional, name)
        y_true = y_true if y_true.is_floating_point() else y_true.long()
        return lambda: loss(y_pred, y_true).item()

    return prepare


peer("PyTorch", "mae")(torch_mean("l1_loss"))
peer("PyTorch", "weighted mae")(torch_weighted("l1_loss"))
peer("PyTorch", "weighted huber")(torch_weighted("huber_loss"))
peer("PyTorch", "sigmoid")(torch_mean("binary_cross_entropy_with_logits"))
peer("PyTorch", "softmax")(torch_mean("cross_entropy"))


# torchmetrics has no weights.
@peer("torchmetrics", "mae")
def torchmetrics_mae(*arrays):
    from torchmetrics.functional import mean_absolute_error

    y_true, y_pred = torch_tensors(arrays)
    return lambda: mean_absolute_error(y_pred, y_true).item()


def jax_function(question):
    """Return the answer as one writes it with jax.numpy, to be compiled."""
    import jax
    import jax.numpy as jnp

    def huber(error):
        return jnp.where(abs(error) <= 1, 0.5 * error * error, abs(error) - 0.5)

    # Of its ways to count this is the fastest; float32 would stop at 2**24.
    def weighted(losses, w):
        return (losses * w).sum() / (w != 0).sum(dtype="int32")

    def softmax(labels, x):
        return jax.nn.logsumexp(x, axis=1) - jnp.take_along_axis(x, labels[:, None], 1)[:, 0]

    return {
        "mae": lambda t, p: abs(p - t).mean(),
        "weighted mae": lambda t, p, w: weighted(abs(p - t), w),
        "weighted huber": lambda t, p, w: weighted(huber(p - t), w),
        "sigmoid": lambda t, x: (jnp.maximum(x, 0) - x * t + jnp.log1p(jnp.exp(-abs(x)))).mean(),
        "softmax": lambda t, x: softmax(t, x).mean(),
    }[question]


def jax_peer(question, wide):
    """Return what prepares a question for JAX, computing in float64 if `wide`."""

    def prepare(*arrays):
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        function = jax_function(question)

        def widened(*mine):
            return function(*(x.astype("float64") if x.dtype == "float32" else x for x in mine))

        compiled = jax.jit(widened if wide else function)
        mine = [jnp.asarray(array) for array in arrays]
        return lambda: float(compiled(*mine))

    return prepare


def tf_function(question):
    """Return the answer as one writes it with TensorFlow."""
    import tensorflow as tf

    def weighted(losses, weights):
        count = tf.math.count_nonzero(weights, dtype=tf.int32)
        return tf.reduce_sum(losses * weights) / tf.cast(count, losses.dtype)

    def huber(error):
        size = abs(error)
        return tf.where(size <= 1, error * error / 2, size - 0.5)

    nn = tf.nn
    return {
        "mae": lambda t, p: tf.reduce_mean(abs(p - t)),
        "weighted mae": lambda t, p, w: weighted(abs(p - t), w),
        "weighted huber": lambda t, p, w: weighted(huber(p - t), w),
        "sigmoid": lambda t, x: tf.reduce_mean(nn.sigmoid_cross_entropy_with_logits(t, x)),
        "softmax": lambda t, x: tf.reduce_mean(nn.sparse_softmax_cross_entropy_with_logits(t, x)),
    }[question]


def tf_peer(question, xla):
    """Return what prepares a question for TensorFlow, eagerly or compiled by XLA."""

    def prepare(*arrays):
        import tensorflow as tf

        # Only before its first operation: both peers of TensorFlow say the same.
        if tf.config.threading.get_intra_op_parallelism_threads() != THREADS:
            tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        function = tf_function(question)
        call = tf.function(function, jit_compile=True) if xla else function
        mine = [tf.constant(array) for array in arrays]
        return lambda: call(*mine).numpy()

    return prepare


for asked in ("mae", "weighted mae", "weighted huber", "sigmoid", "softmax"):
    peer("JAX", asked)(jax_peer(asked, wide=False))
    peer("JAX, in float64", f"{asked} float32", works_in="float64")(jax_peer(asked, wide=True))
    peer("TensorFlow", asked)(tf_peer(asked, xla=False))
    peer("TensorFlow XLA", asked)(tf_peer(asked, xla=True))
