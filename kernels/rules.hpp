// All rules.
#pragma once
#include "rules/rmsprop.hpp"
