/* The least an init can do: what a bare boot costs. */
#include <sys/reboot.h>

int main(void)
{
	reboot(RB_POWER_OFF);
	return 0;
}
