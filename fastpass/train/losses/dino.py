"""The loss of DINO (Caron et al. 2021, equations 1-3 and algorithm 1) with its running center."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from fastpass.train.engine.ranks import sum_over_ranks


class DinoLoss(nn.Module):
    """Cross-entropy between teacher and student distributions over K prototypes.

    Scores are view-major float32 [V * N, K], as MultiCropNetwork returns them; the teacher sees
    the first ``num_teacher_views`` of the student's V views. The loss is the mean over all pairs
    (teacher view q, student view v != q) and over the N samples of this rank, in nats.
    """

    center: Tensor  # float32 [K]

    def __init__(
        self,
        num_prototypes: int,
        *,
        student_temp: float = 0.1,
        center_momentum: float = 0.9,
        num_teacher_views: int = 2,
    ) -> None:
        super().__init__()
        self.student_temp = student_temp
        self.center_momentum = center_momentum
        self.num_teacher_views = num_teacher_views
        self.register_buffer("center", torch.zeros(num_prototypes))

    @torch.no_grad()
    def targets(self, teacher_scores: Tensor, teacher_temp: float) -> Tensor:
        """Teacher distributions float32 [Q * N, K]: centered, then sharpened."""
        return functional.softmax((teacher_scores - self.center) / teacher_temp, dim=-1)

    def forward(self, student_scores: Tensor, targets: Tensor) -> Tensor:
        """The scalar loss of this rank's samples."""
        num_prototypes = len(self.center)
        teacher = targets.view(self.num_teacher_views, -1, num_prototypes)
        num_samples = teacher.shape[1]
        student = functional.log_softmax(student_scores / self.student_temp, dim=-1)
        student = student.view(-1, num_samples, num_prototypes)
        # agreement[q, v] = sum over samples and prototypes of p_q log p_v: one matrix product
        # for all pairs; the diagonal (a view with itself) is left out.
        agreement = teacher.flatten(1) @ student.flatten(1).T
        num_pairs = self.num_teacher_views * (len(student) - 1)
        return (agreement.diagonal().sum() - agreement.sum()) / (num_pairs * num_samples)

    @torch.no_grad()
    def update_center(self, teacher_scores: Tensor) -> None:
        """Move the center towards the mean score of all ranks; call after the loss.

        The mean is over all rows of all ranks (sums and counts are reduced), hence right even when
        ranks hold different numbers of samples.
        """
        total = torch.cat(
            [teacher_scores.sum(dim=0), teacher_scores.new_tensor([len(teacher_scores)])]
        )
        sum_over_ranks(total)
        self.center.lerp_(total[:-1] / total[-1], 1.0 - self.center_momentum)


def mean_entropy(distributions: Tensor) -> Tensor:
    """Mean over rows of the Shannon entropy in nats; float [N, K] -> scalar."""
    entropies: Tensor = torch.special.entr(distributions).sum(dim=-1)
    return entropies.mean()
