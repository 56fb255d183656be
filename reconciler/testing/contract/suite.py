"""Every test of the contract, with its fixtures. A test module imports all of it:

from reconciler.testing.contract.suite import *
"""

from reconciler.testing.contract.accounts import *
from reconciler.testing.contract.applications import *
from reconciler.testing.contract.deletion import *
from reconciler.testing.contract.every_type import *
from reconciler.testing.contract.fixtures import *
from reconciler.testing.contract.folders import *
from reconciler.testing.contract.inherited_permissions import *
from reconciler.testing.contract.keys import *
from reconciler.testing.contract.notifications import *
from reconciler.testing.contract.objects import *
from reconciler.testing.contract.permissions import *
from reconciler.testing.contract.random_calls import *
from reconciler.testing.contract.reads import *
from reconciler.testing.contract.type_references import *
from reconciler.testing.contract.types import *
from reconciler.testing.contract.updates import *
from reconciler.testing.contract.values import *
