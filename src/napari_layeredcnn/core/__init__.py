"""Arrays in, arrays out: curves, seeds, the network, and the completion made of them.

Nothing in here knows napari or Qt, and only the modules around the network import torch.
"""
