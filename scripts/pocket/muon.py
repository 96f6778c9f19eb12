"""Muon: momentum whose matrices are orthogonalised before they are applied.

Jordan et al., https://kellerjordan.github.io/posts/muon, with the step's size matched to AdamW's as in Liu et al.,
https://arxiv.org/abs/2502.16982. Matrices of one size go through the iteration together, which two cores
need; torch.optim.Muon takes them one by one, and no convolutions."""
import torch


def orthogonalised(g, steps=5):
    """(n, rows, columns) -> the same with singular values near 1, by Newton and Schulz's iteration."""
    x = g.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.float().norm(dim=(-2, -1), keepdim=True).bfloat16() + 1e-7)
    for _ in range(steps):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x.mT if tall else x).to(g.dtype)


class Muon(torch.optim.Optimizer):
    """For matrices and convolutions (rows: output channels)."""

    def __init__(self, params, lr, momentum=.95, weight_decay=.01):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            alike = {}
            for p in group["params"]:
                if p.grad is not None:
                    alike.setdefault((p.shape[0], p[0].numel()), []).append(p)
            for size, params in alike.items():
                for p in params:
                    self.state[p].setdefault("momentum", torch.zeros_like(p))
                g = torch.stack([p.grad.view(size) for p in params])
                m = torch.stack([self.state[p]["momentum"].view(size) for p in params]).lerp_(g, 1 - group["momentum"])
                change = orthogonalised(g.lerp(m, group["momentum"])) * (group["lr"] * .2 * max(size) ** .5)
                for p, q, d in zip(params, m, change):
                    self.state[p]["momentum"].copy_(q.view_as(p))
                    p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(d.view_as(p))
