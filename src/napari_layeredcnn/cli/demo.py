"""`layeredcnn demo`: completes the bundled sample and leaves results to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_layeredcnn.cli.console import (
    Device,
    DeviceOption,
    ModelOption,
    errors_in_one_sentence,
    say,
    with_progress,
)


def demo(
    folder: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Where to write; made if it is not there."
        ),
    ] = Path("layeredcnn-demo"),
    model: ModelOption = None,
    device: DeviceOption = Device.AUTO,
) -> None:
    """Complete the labelled slice of the bundled sample, and write what comes out.

    Leaves sample.layers.tif, sample.curves.csv and sample.overlay.png in the folder;
    a demo that was there before is replaced.
    """
    with errors_in_one_sentence():
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is a file; name a folder.")

        import numpy as np

        from napari_layeredcnn.cli.outputs import write_outputs
        from napari_layeredcnn.core.completion import iter_complete
        from napari_layeredcnn.core.label_seeds import seed_from_regions
        from napari_layeredcnn.files import ImageFile
        from napari_layeredcnn.sample import sample_stack

        stack, truth, partial_labels = sample_stack()
        labelled = int(np.flatnonzero(partial_labels.any(axis=(1, 2)))[0])
        image = ImageFile(stack[labelled], n_slices=len(stack))
        seed = seed_from_regions(partial_labels[labelled])
        steps = iter_complete(image.array, seed, model=model, device=device.value)
        completion = with_progress(steps, "Completing the sample")
        folder.mkdir(parents=True, exist_ok=True)
        names = ("sample.layers.tif", "sample.curves.csv", "sample.overlay.png")
        outputs = [folder / name for name in names]
        write_outputs(outputs, image, seed, completion)
    distance = np.abs(completion.curves - truth[labelled])
    distance = np.delete(distance, seed.columns, axis=1)
    say(
        f"Completed slice {labelled} of the sample ({completion.model_name}): "
        f"{len(completion.curves)} curves over {completion.curves.shape[1]} columns from "
        f"{len(seed.columns)} labelled, {distance.mean():.2f} px off the true curves on average."
    )
    for path in outputs:
        say(f"Wrote {path}")
