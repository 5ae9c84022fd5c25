// Every optimizer as the tests know it.
#pragma once
#include "rmsprop.hpp"
