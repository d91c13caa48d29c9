import torch

from experiments.data.augmentation import default_augmentation
from experiments.data.batches import Batches, EpochOrder
from experiments.data.preparation import Preparation


def numbers(size: int, batch_size: int, **options: object) -> Batches:
    return Batches(torch.arange(100.0), torch.arange(100), range(size), batch_size, **options)  # type: ignore[arg-type]


def read(batches: Batches, epoch: int = 0) -> list[list[int]]:
    batches.sampler.set_epoch(epoch)
    assert len(list(batches)) == len(batches)
    return [y.tolist() for _, y in batches]


def test_last_short_batch_is_dropped_unless_it_is_the_only_one() -> None:
    assert read(numbers(7, 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert read(numbers(7, 3, drop_last=True)) == [[0, 1, 2], [3, 4, 5]]
    assert read(numbers(6, 3, drop_last=True)) == [[0, 1, 2], [3, 4, 5]]
    assert read(numbers(2, 3, drop_last=True)) == [[0, 1]]
    assert read(numbers(0, 3)) == []


def test_order_is_a_function_of_seed_and_epoch_alone() -> None:
    first = numbers(20, 4, shuffle_seed=1)
    epochs = [read(first, epoch) for epoch in range(3)]
    torch.manual_seed(5)
    assert read(numbers(20, 4, shuffle_seed=1), 2) == epochs[2]
    assert read(first, 0) == epochs[0]
    assert epochs[0] != epochs[1]
    assert read(numbers(20, 4, shuffle_seed=2), 0) not in epochs
    assert sorted(row for batch in epochs[1] for row in batch) == list(range(20))


def test_shuffling_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    read(numbers(20, 4, shuffle_seed=1))
    assert torch.equal(before, torch.get_rng_state())


def test_inputs_and_targets_stay_together() -> None:
    for x, y in numbers(20, 6, shuffle_seed=3):
        assert torch.equal(x, y.float())


def test_bytes_become_numbers_from_0_to_1_then_augmented_then_normalised() -> None:
    pixels = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1)
    (x, _), *_ = Batches(pixels, torch.zeros(2), [0, 1], 2)
    assert x.flatten().tolist() == [0.0, 1.0]
    prepared = Preparation([0.5], [0.25], augmentation=lambda batch, _=None: 1 - batch)
    (x, _), *_ = Batches(pixels, torch.zeros(2), [0, 1], 2, transform=prepared)
    assert x.flatten().tolist() == [2.0, -2.0]
    assert pixels.flatten().tolist() == [0, 255]


def augmented(epoch: int, seed: int = 1, look_between: bool = False) -> list[torch.Tensor]:
    """The batches of an epoch, in a process that did other things before."""
    pixels = torch.arange(10 * 3 * 8 * 8).view(10, 3, 8, 8).to(torch.uint8)
    preparation = Preparation(augmentation=default_augmentation())
    train = Batches(pixels, torch.arange(10), range(10), 4, shuffle_seed=seed, transform=preparation)
    train.sampler.set_epoch(epoch)
    found = []
    for x, _ in train:
        found.append(x)
        if look_between:
            torch.rand(3)
            list(Batches(pixels, torch.arange(10), range(10), 4, transform=preparation))
    return found


def test_augmentation_is_a_function_of_seed_and_epoch_alone() -> None:
    first = augmented(3)
    for other in (augmented(3), augmented(3, look_between=True)):
        assert all(map(torch.equal, first, other))
    for other in (augmented(2), augmented(3, seed=2)):
        assert not any(map(torch.equal, first, other))
    draws = [torch.rand(3, generator=EpochOrder(8, 1).generator(batch)) for batch in range(2)]
    assert not torch.equal(*draws)


def test_augmentation_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    augmented(0)
    assert torch.equal(before, torch.get_rng_state())
