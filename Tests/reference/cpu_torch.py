"""Makes torchvision importable beside a PyTorch without CUDA.

torchvision's binary on PyPI is built for CUDA and does not load beside a PyTorch for CPUs. Its Python code refers
to two operators of that binary, so they are declared here; classifiers do not call them. Import this first.
"""

import torch

if torch.version.cuda is None:
    operators = torch.library.Library("torchvision", "DEF")
    operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
