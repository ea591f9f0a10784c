"""Training with optax: whole epochs on the device, several seeds of one architecture at once.

The default recipe is that of the RFM study (Evans et al., Table I): SGD with momentum and weight
decay, the learning rate annealed along a cosine, images padded, cropped and flipped. Gradients are
clipped by their global norm by default, without which most deep members of that study's space die
in the first steps.
"""

from .across import steps_of_epoch, train_on_tasks
from .images import EVALUATION_BATCH, TrainingImages
from .memory import memory_of_trainings, network_bytes, too_large
from .population import networks_at_once, train_population
from .run import EPOCH_TEST_IMAGES, Compile, Training, train
from .settings import Augmentation, OptimizerName, ScheduleName, TrainingSettings
from .state import State, initial_state
from .tasks import TOP, Task, TaskTraining, errors_of

__all__ = [
    "EPOCH_TEST_IMAGES",
    "EVALUATION_BATCH",
    "TOP",
    "Augmentation",
    "Compile",
    "OptimizerName",
    "ScheduleName",
    "State",
    "Task",
    "TaskTraining",
    "Training",
    "TrainingImages",
    "TrainingSettings",
    "errors_of",
    "initial_state",
    "memory_of_trainings",
    "network_bytes",
    "networks_at_once",
    "steps_of_epoch",
    "too_large",
    "train",
    "train_on_tasks",
    "train_population",
]
