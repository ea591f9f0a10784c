"""What the paper leaves open about its networks, and what was taken here."""

from collections.abc import Sequence

_GATES = {"_se": "Squeeze-and-excitation", "_spatial": "Spatial attention", "_cbam": "CBAM"}
CHOICES = {
    "mpnet": "The paper states neither the width of MPNets (here 64) nor their first layer (here 3 x 3, stride 2; "
    "stage 1 does not stride again) nor, but in a figure, the layers of each path of MPNet-36 (here one of 3 x 3, two "
    "of 7 x 7 a block). It takes the border of the path of the smallest receptive field for both paths; here each "
    "convolution has its own smallest field, which moves MPNet-36's border but not MPNet-18's.",
    "vgg": "VGG networks end in global average pooling and one linear layer; the paper does not say in what.",
    "no_stem": "Without its stem a ResNet begins with a 3 x 3 convolution of stride 1; the paper says nothing of it.",
    **{
        part: f"{name} stands at the end of each block, before the addition; the paper does not say where."
        for part, name in _GATES.items()
    },
}
"""A sentence for each part of a network's name that calls for it."""


def chosen_details(names: Sequence[str]) -> list[str]:
    """What was taken here for these networks, a sentence each."""
    return [text for part, text in CHOICES.items() if any(part in name for name in names)]
