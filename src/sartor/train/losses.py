"""What a training minimises."""

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def distillation(
    student: Float[Tensor, "n k"], teacher: Float[Tensor, "n k"], temperature: float = 1.0
) -> Float[Tensor, ""]:
    """Return the cross-entropy of the student with the teacher's soft labels, mean over images.

    Args:
        student: Logits, (n, k).
        teacher: Logits, (n, k). No gradient flows into them.
        temperature: Divides both; the loss is multiplied by its square, so that gradients keep
            their size.

    Source:
        Hinton et al. 2015, arXiv:1503.02531, section 2; in place after BigNAS, arXiv:2003.11142.
    """
    soft = F.softmax(teacher.detach() / temperature, dim=1)
    return F.cross_entropy(student / temperature, soft) * temperature**2


def taught(
    student: Float[Tensor, "n k"],
    labels: Int[Tensor, " n"],
    teacher: Float[Tensor, "n k"] | None,
    *,
    smoothing: float,
    trust: float = 0.5,
) -> Float[Tensor, ""]:
    """Return the loss against labels, mixed with that against a teacher where there is one.

    Args:
        student: Logits, (n, k).
        labels: Classes, (n,).
        teacher: Logits, (n, k), or None.
        smoothing: Label smoothing, 0 to 1.
        trust: Weight of the teacher, 0 to 1.
    """
    hard = F.cross_entropy(student, labels, label_smoothing=smoothing if teacher is None else 0.0)
    if teacher is None:
        return hard
    return (1 - trust) * hard + trust * distillation(student, teacher)
