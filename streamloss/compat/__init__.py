"""Drop-in losses: the names, arguments and answers of other frameworks, exact and streaming.

Each module stands for one of them and is imported by itself: ``from streamloss.compat import tf1``.

=============  =========================================================
module         stands for
=============  =========================================================
``tf1``        ``tf.compat.v1.losses`` of TensorFlow, ``tf.losses`` of 1
``keras``      ``keras.losses`` and ``keras.metrics`` of Keras 3
``torch``      the losses of ``torch.nn`` and ``torch.nn.functional``
``sklearn``    the losses of ``sklearn.metrics``
=============  =========================================================
"""
